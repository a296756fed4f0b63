import { broadcast, categorical, categoricalSettings, Graph, Program, plan } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';

const device = await openDevice();
const graph = new Graph();
// Scores of five events, e.g. a model's logits, for 1,000 draws side by side.
const logits = broadcast(graph.constant(Float32Array.of(2, 1, 0, -1, -2), [5]), [1000, 5]);
const settings = graph.input([4]);
const seed = graph.input([1], 'u32');
const { choice } = categorical(logits, settings, seed, 0);
const program = await Program.create(device, plan(graph, { outputs: [choice] }));

for (const how of [
  {}, // as the model says: 64, 23, 9, 3 and 1 %
  { temperature: 0 }, // always the likeliest
  { temperature: 2 }, // wilder: 43, 26, 16, 10 and 6 %
  { topK: 2 }, // the two likeliest
  { topP: 0.9 }, // the fewest that hold 90 %: three
  { minP: 0.2 }, // those at least a fifth as likely as the likeliest: two
  { temperature: 1.2, topK: 4, topP: 0.95 }, // of the four likeliest those that hold 95 % at this temperature
]) {
  program.write(settings, categoricalSettings(how));
  program.write(seed, Uint32Array.of(7));
  program.run();
  const drawn = [...(await program.read(choice))];
  console.log(
    how,
    [0, 1, 2, 3, 4].map((event) => drawn.filter((each) => each === event).length),
  );
}
device.destroy();
