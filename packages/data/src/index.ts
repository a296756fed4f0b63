export { readAbc } from './abc/read.ts';
export { type ArrangeOptions, arrange, arrangeMelody } from './arrange/arrange.ts';
export { harmonise } from './arrange/harmonise.ts';
export { estimateKey } from './arrange/key.ts';
export { type TrackOptions, trackOf } from './arrange/track.ts';
export {
  AUGMENTATION_NAMES,
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  type AugmentedOptions,
  augmentEvents,
  augmentSong,
} from './augment/augment.ts';
export * from './baselines.ts';
export type { Augment } from './batches/bucket.ts';
export { BatchLoader } from './batches/loader.ts';
export { type Batch, type BatchOptions, BatchSampler } from './batches/sampler.ts';
export type { LoaderOptions } from './batches/source.ts';
export type { BytePair } from './byte-pairs/byte-pairs.ts';
export { type BytePairEncodingOptions, withBytePairs } from './byte-pairs/encoding.ts';
export { type BytePairSequence, type LearnBytePairsOptions, learnBytePairs } from './byte-pairs/learn.ts';
export * from './check.ts';
export { readChorales } from './chorales/read.ts';
export { COPY_RULES, type CopyRule } from './cleaning/copies.ts';
export { type Duplicates, findDuplicates, NEARLY_SAME } from './cleaning/duplicates.ts';
export { ALL_SONGS, FILTER_NAMES, FILTER_PRESETS, type SongFilters } from './cleaning/filters.ts';
export { likeness, type Sketch, sketchOf } from './cleaning/sketch.ts';
export { type Unwrapped, unwrap } from './containers/unwrap.ts';
export { embeddedCorpus, embeddedTunes } from './corpus/corpus.ts';
export { parseTune, parseTunes } from './corpus/parse-tune.ts';
export { type Chord, type Key, type Tune, type TuneLine, type TuneNote, tuneToSong } from './corpus/tune.ts';
export { TuneError } from './corpus/tune-error.ts';
export type { DatasetOptions } from './dataset/builder.ts';
export { Dataset, type DatasetSequence, type EventSequence, sequenceOf } from './dataset/dataset.ts';
export { openDataset, writeDataset } from './dataset/files.ts';
export { readSongs } from './dataset/formats.ts';
export { type Copies, type Manifest, type Report, type SongEntry, SPLITS, type Split } from './dataset/manifest.ts';
export { datasetFromSongs, type PrepareOptions, type PrepareProgress, prepareDataset } from './dataset/prepare.ts';
export { type InputFile, openInputFile, readInputFile } from './dataset/read-file.ts';
export { reportTable } from './dataset/report-table.ts';
export {
  type Archive,
  type ArchiveOptions,
  type ArchiveProgress,
  downloadArchive,
  NESMDB,
} from './download/archive.ts';
export { DownloadError } from './download/error.ts';
export { downloadListing, type Listing, type ListingOptions, type ListingProgress } from './download/listing.ts';
export * from './encoding.ts';
export * from './encodings.ts';
export { DataError, type FilePlace, isSystemError, printable, reasonOf, systemReason } from './error.ts';
export { checkReplaceable, replaceFolder, temporaryName } from './folder.ts';
export { ROLES, type Role } from './general-midi/names.ts';
export type { ArrangerOptions } from './general-midi/options.ts';
export { type PartName, ROLE_WEIGHTS, type RoleWeights } from './general-midi/roles.ts';
export { meterOfBar } from './grid/quantise.ts';
export { isRunning } from './is-running.ts';
export { tx1Encoding, tx2Encoding } from './lakhnes/encoding.ts';
export { lakhNesEvaluationSequence, withBoundaries } from './lakhnes/protocol.ts';
export { readLakhNesText } from './lakhnes/read-text.ts';
export { createMelodyEncoding, melodyEncoding, monoEncoding } from './melody/encoding.ts';
export { type ExtractionRules, MAGENTA_RULES, NES_RULES } from './melody/extract.ts';
export type { MelodyFeatures } from './melody/features.ts';
export { keyMelodyFeatures } from './melody/key-melody.ts';
export { lookbackFeatures } from './melody/lookback.ts';
export { type ReadMidiOptions, readMidi } from './midi/read.ts';
export { MIDI_CONVENTIONS, type MidiConvention, type WriteMidiOptions, writeMidi } from './midi/write.ts';
export { vaeSixteenBarEncoding, vaeTwoBarEncoding } from './music-vae/melody.ts';
export { trioInputs, vaeTrioEncoding } from './music-vae/trio.ts';
export { nesEventsBytePairsEncoding } from './nes-events/byte-pairs.ts';
export { createNesEventsEncoding, nesEventsEncoding } from './nes-events/encoding.ts';
export { type FrameNote, type FrameSong, framesOf } from './nes-events/frames.ts';
export { type LearnOptions, type LearnSong, learnMacros, type Macros } from './nes-events/learn.ts';
export { formatMacro, type Macro, parseMacro } from './nes-events/macro.ts';
export { type FrameScore, readPickledScore, songFromScore } from './nesmdb-scores/read.ts';
export { noteDurationEncoding } from './note-duration/encoding.ts';
export { durationRollOf, noteVectorsEncoding, noteVectorsOf } from './note-vectors/encoding.ts';
export { performanceEncoding, performanceVelocityEncoding } from './performance/encoding.ts';
export { ONSET_BITMAP_SHAPE, onsetBitmapEncoding, onsetBitmapOf, onsetEventsOf } from './pianoroll/onsets.ts';
export { PIANOROLL_SHAPE, pianorollEncoding, pianorollOf, pianorollVolumeEncoding } from './pianoroll/voices.ts';
export { polyphonyEncoding } from './polyphony/encoding.ts';
export { choosePrimer, type Primer } from './primer.ts';
export * from './random.ts';
export type { FoundSong, SongReading, WrittenFacts } from './reading.ts';
export { songFromRegisterLog } from './register-log/song.ts';
export { isVgm, readVgmLog, readVgmSong } from './register-log/vgm.ts';
export { withCount } from './repairs.ts';
export * from './song.ts';
export { type SongCounts, sumCounts, type VoiceCounts, WIDEST_INTERVAL } from './statistics/counts.ts';
export { compareMeasures, type MelodyMeasures, measureMelody, measuresOf } from './statistics/melody-measures.ts';
export { durationLabel, entropy, polyphonyShares, summariseVoices, type VoiceSummary } from './statistics/summary.ts';
export * from './timing/latch.ts';
export { estimateMeter } from './timing/meter.ts';
export { estimateTempo, withEstimatedTiming } from './timing/tempo.ts';
export { prevailingTempo, type TempoMap, tempoMapOf, ticksPerQuarter } from './timing/tempo-map.ts';
