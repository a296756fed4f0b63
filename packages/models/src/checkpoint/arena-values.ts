import type { Arena, Device } from '@chipsmith/kernels';

/** The values of an arena, slot by slot. */
export type ArenaValues = readonly Float32Array<ArrayBuffer>[];

export function writeArena(device: Device, { slots }: Arena, values: ArenaValues): void {
  for (const [index, slot] of slots.entries()) device.write(slot, values[index]);
}

/** Waits for the device. */
export async function readArena(device: Device, { slots }: Arena): Promise<ArenaValues> {
  const values: Float32Array<ArrayBuffer>[] = [];
  for (const slot of slots) values.push(await device.read(slot));
  return values;
}
