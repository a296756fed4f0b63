import { categorical, categoricalSettings, type Device, Graph } from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError } from '../benchmark.ts';
import { prepareProgram } from './prepare-program.ts';
import { numbers } from './problems.ts';

/** MusicAutobot's settings for notes. */
const SETTINGS = { temperature: 1.2, topK: 30, topP: 0.6 };

/**
 * Draws a class for each row of logits. Peers have other random numbers and neither cut, so that there is nothing to
 * compare with.
 */
export function samplingBenchmark(rows: number, classes: number): Benchmark<Device> {
  const name = `sampling ${rows} of ${classes} classes`;
  return {
    name,
    async prepare(device) {
      const graph = new Graph();
      const logits = graph.constant(numbers(rows * classes, 0, 5), [rows, classes]);
      const settings = graph.constant(categoricalSettings(SETTINGS), [4]);
      const seed = graph.input([1], 'u32');
      const { choice } = categorical(logits, settings, seed, 0);
      const { program, prepared } = await prepareProgram(device, graph, { outputs: [choice] });
      let draws = 0;
      const run = () => {
        draws++;
        program.write(seed, Uint32Array.of(draws));
        program.run();
      };
      const verify = async () => {
        const wrong = (await program.read(choice)).find((value) => value >= classes);
        if (wrong !== undefined) throw new BenchmarkError(`${name}: class ${wrong} was chosen.`);
      };
      return { ...prepared, work: { amount: rows, unit: 'choices/s' }, run, verify };
    },
  };
}
