import type { Dispatch } from '../trace/trace.ts';
import { type Kernel, linearGrid, MAX_WORKGROUPS, type Variant } from './kernel.ts';

/**
 * A dispatch and its variants with grids of at most so many workgroups an axis. A longer one is laid out anew in lines
 * of x and y, and its kernel counts the workgroups off and goes on as before: a batch times its heads may be more than
 * an axis holds.
 */
export function foldGrids<Folded extends Dispatch>(dispatch: Folded, most = MAX_WORKGROUPS): Folded {
  const folded = new Map<Kernel, Variant>();
  const fold = (variant: Variant): Variant => {
    const known = folded.get(variant.kernel) ?? foldGrid(variant, most);
    folded.set(variant.kernel, known);
    return known;
  };
  const { kernel, workgroups } = fold(dispatch);
  const { choice } = dispatch;
  if (choice === undefined) return { ...dispatch, kernel, workgroups };
  const { variants, likelyOnCpu, otherKinds } = choice;
  return {
    ...dispatch,
    kernel,
    workgroups,
    choice: {
      ...choice,
      variants: variants.map(fold),
      ...(likelyOnCpu && { likelyOnCpu: fold(likelyOnCpu) }),
      ...(otherKinds && { otherKinds: otherKinds.map((kind) => kind.map(fold)) }),
    },
  };
}

/** The entry point with its parameters, which are all built-in values. */
const ENTRY = /fn main\(((?:[^()]|\([^()]*\))*)\)/;
const PARAMETER = /@builtin\((\w+)\)\s*(\w+)\s*:\s*(\w+)/g;

function foldGrid({ kernel, workgroups }: Variant, most: number): Variant {
  if (Math.max(...workgroups) <= most) return { kernel, workgroups };
  const [across, down, layers] = workgroups;
  const entry = ENTRY.exec(kernel.code)?.[1] ?? '';
  const parameters = [...entry.matchAll(PARAMETER)].map(([, value, name, type]) => ({ value, name, type }));
  /** What depends on the grid, as the kernel would have it in a grid that was not folded. */
  const unfolded: Readonly<Record<string, string>> = {
    workgroup_id: 'unfolded_group',
    num_workgroups: `vec3u(${across}u, ${down}u, ${layers}u)`,
    global_invocation_id: `unfolded_group * vec3u(${kernel.workgroupSize.map((size) => `${size}u`).join(', ')}) + folded_local`,
    local_invocation_id: 'folded_local',
  };
  const others = parameters.filter(({ value }) => !Object.hasOwn(unfolded, value));
  const given = others.map(({ value, name, type }) => `, @builtin(${value}) ${name}: ${type}`);
  const code = `${kernel.code.replace(ENTRY, `fn unfolded_main(${parameters.map(({ name, type }) => `${name}: ${type}`).join(', ')})`)}
fn main(@builtin(workgroup_id) folded_group: vec3u, @builtin(num_workgroups) folded_groups: vec3u,
  @builtin(local_invocation_id) folded_local: vec3u${given.join('')}) {
  let folded_place = folded_group.y * folded_groups.x + folded_group.x;
  if (folded_place >= ${across * down * layers}u) { return; }
  let unfolded_group = vec3u(
    folded_place % ${across}u, folded_place / ${across}u % ${down}u, folded_place / ${across * down}u,
  );
  unfolded_main(${parameters.map(({ value, name }) => unfolded[value] ?? name).join(', ')});
}`;
  return { kernel: { ...kernel, code }, workgroups: linearGrid(across * down * layers, 1, most) };
}
