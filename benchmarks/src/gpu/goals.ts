/**
 * Shares of the adapter's limit that these rows are to reach on two cores without a GPU, where loads from buffers are
 * slow and launching a kernel takes as long as 3 MFLOP: of the FMA peak, or of the copy bandwidth where nothing is
 * multiplied.
 */
const GOALS: readonly (readonly [RegExp, number])[] = [
  [/^matmul .. (512x512x512|1024x1024x1024)$/, 0.4],
  [/^LSTM training/, 0.22],
  [/^attention .*L 1024/, 0.2],
  [/^conv2d/, 0.2],
  [/^(softmax|layer norm|cross-entropy|embedding)/, 0.3],
];

/** The goal of a row by its name, 0..1; undefined where it has none. */
export function goalOf(name: string): number | undefined {
  return GOALS.find(([rows]) => rows.test(name))?.[1];
}
