export { openDataset, writeDataset } from './dataset/files.ts';
export { type PortableSequences, portableSequences, sequencesOf } from './dataset/portable.ts';
export { type PrepareOptions, type PrepareProgress, prepareDataset } from './dataset/prepare.ts';
export {
  type Archive,
  type ArchiveOptions,
  type ArchiveProgress,
  downloadArchive,
  NESMDB,
} from './download/archive.ts';
export { DownloadError } from './download/error.ts';
export { downloadListing, type Listing, type ListingOptions, type ListingProgress } from './download/listing.ts';
export { checkReplaceable, isTemporary, replaceFolder, temporaryName } from './files/folder.ts';
export { isRunning } from './files/is-running.ts';
export { type InputFile, openInputFile, readInputFile, withInputFile } from './files/read-file.ts';
export { fileError, isMissing, isSystemError, systemReason } from './files/system-error.ts';
export { PARTIAL_NAME, writeFileAtomic } from './files/write-file.ts';
export { startThread } from './start-thread.ts';
