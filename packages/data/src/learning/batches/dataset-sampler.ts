import type { Dataset } from '../../dataset/dataset.ts';
import type { Split } from '../../dataset/manifest.ts';
import { findEncoding } from '../../encodings/encodings.ts';
import { type Augmentation, augmenter } from '../augment/augment.ts';
import { type BatchOptions, BatchSampler } from './sampler.ts';

export interface LoaderOptions extends Omit<BatchOptions, 'augment'> {
  /** The split that batches are of; train if left out. */
  readonly split?: Split | undefined;
  /** Random changes to each sequence, others in each epoch; none if left out. */
  readonly augmentation?: Augmentation | undefined;
  /** The first step, 0 if left out: training that goes on asks for its next. */
  readonly firstStep?: number | undefined;
}

/**
 * The sampler of a dataset, which makes a batch when it is asked for. `BatchLoader` of the package's entry for Node makes the
 * same batches ahead in a thread.
 *
 * @throws DataError as BatchSampler does, or if the dataset is to be augmented and its encoding is not of this package
 */
export function samplerOf(
  dataset: Dataset,
  { split = 'train', augmentation, ...options }: LoaderOptions,
): BatchSampler {
  const { name } = dataset.manifest.encoding;
  const augment = augmentation && augmenter(findEncoding(name), augmentation, options.seed);
  return new BatchSampler(dataset.sequences(split), { ...options, augment });
}
