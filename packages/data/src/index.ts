export { type ArrangeOptions, arrange, arrangeMelody } from './arranging/arrange.ts';
export { embeddedCorpus } from './arranging/embedded-corpus.ts';
export { harmonise } from './arranging/harmonise.ts';
export { estimateKey } from './arranging/key.ts';
export { type TrackOptions, trackOf } from './arranging/track.ts';
export * from './check.ts';
export type { DatasetOptions } from './dataset/builder.ts';
export { COPY_RULES, type CopyRule } from './dataset/cleaning/copies.ts';
export { type Duplicates, findDuplicates, NEARLY_SAME } from './dataset/cleaning/duplicates.ts';
export { ALL_SONGS, FILTER_NAMES, FILTER_PRESETS, type SongFilters } from './dataset/cleaning/filters.ts';
export { likeness, type Sketch, sketchOf } from './dataset/cleaning/sketch.ts';
export { Dataset, type DatasetSequence, type EventSequence, sequenceOf } from './dataset/dataset.ts';
export { readSongs } from './dataset/formats.ts';
export { datasetFromSongs } from './dataset/from-songs.ts';
export { type Copies, type Manifest, type Report, type SongEntry, SPLITS, type Split } from './dataset/manifest.ts';
export { reportTable } from './dataset/report-table.ts';
export { barsRepeatedAt } from './dataset/statistics/bars.ts';
export { type SongCounts, sumCounts, type VoiceCounts, WIDEST_INTERVAL } from './dataset/statistics/counts.ts';
export { compareMeasures } from './dataset/statistics/distribution.ts';
export { type MusicMeasures, measureMusic, measuresOf, pitchedLines } from './dataset/statistics/measures.ts';
export {
  durationLabel,
  polyphonyShares,
  summariseVoices,
  type VoiceSummary,
} from './dataset/statistics/summary.ts';
export type { BytePair } from './encodings/byte-pairs/byte-pairs.ts';
export { type BytePairEncodingOptions, withBytePairs } from './encodings/byte-pairs/encoding.ts';
export { type BytePairSequence, type LearnBytePairsOptions, learnBytePairs } from './encodings/byte-pairs/learn.ts';
export * from './encodings/encoding.ts';
export * from './encodings/encodings.ts';
export { meterOfBar } from './encodings/grid/quantise.ts';
export { tx1Encoding, tx2Encoding } from './encodings/lakhnes/encoding.ts';
export { lakhNesEvaluationSequence, withBoundaries } from './encodings/lakhnes/protocol.ts';
export { readLakhNesText } from './encodings/lakhnes/read-text.ts';
export { createMelodyEncoding, melodyEncoding, monoEncoding } from './encodings/melody/encoding.ts';
export { type ExtractionRules, MAGENTA_RULES, NES_RULES } from './encodings/melody/extract.ts';
export type { MelodyFeatures } from './encodings/melody/features.ts';
export { keyMelodyFeatures } from './encodings/melody/key-melody.ts';
export { lookbackFeatures } from './encodings/melody/lookback.ts';
export { vaeSixteenBarEncoding, vaeTwoBarEncoding } from './encodings/music-vae/melody.ts';
export { trioInputs, vaeTrioEncoding } from './encodings/music-vae/trio.ts';
export { nesEventsBytePairsEncoding } from './encodings/nes-events/byte-pairs.ts';
export { createNesEventsEncoding, nesEventsEncoding } from './encodings/nes-events/encoding.ts';
export type { FrameNote } from './encodings/nes-events/frame-note.ts';
export { type FrameSong, framesOf } from './encodings/nes-events/frames.ts';
export { type LearnOptions, type LearnSong, learnMacros } from './encodings/nes-events/learn.ts';
export { formatMacro, type Macro, type Macros, parseMacro } from './encodings/nes-events/macro.ts';
export { noteDurationEncoding } from './encodings/note-duration/encoding.ts';
export {
  DURATION_ROLL_SHAPE,
  durationEventsOf,
  durationRollOf,
  noteVectorsEncoding,
  noteVectorsOf,
} from './encodings/note-vectors/encoding.ts';
export { performanceEncoding, performanceVelocityEncoding } from './encodings/performance/encoding.ts';
export { ONSET_BITMAP_SHAPE, onsetBitmapEncoding, onsetBitmapOf, onsetEventsOf } from './encodings/pianoroll/onsets.ts';
export {
  PIANOROLL_SHAPE,
  pianorollEncoding,
  pianorollOf,
  pianorollVolumeEncoding,
} from './encodings/pianoroll/voices.ts';
export { firstPiece, type Piece } from './encodings/piece.ts';
export { polyphonyEncoding } from './encodings/polyphony/encoding.ts';
export { choosePrimer, type Primer } from './encodings/primer.ts';
export { barsAtTypicalTempo, barsOfEvents, firstBars, TIME_TOLERANCE } from './encodings/time.ts';
export { entropy } from './entropy.ts';
export { DataError, type FilePlace, printable, reasonOf } from './error.ts';
export { readAbc } from './formats/abc/read.ts';
export { readChorales } from './formats/chorales/read.ts';
export { type Unwrapped, unwrap } from './formats/containers/unwrap.ts';
export { ROLES, type Role } from './formats/general-midi/names.ts';
export type { ArrangerOptions } from './formats/general-midi/options.ts';
export { type PartName, ROLE_WEIGHTS, type RoleWeights } from './formats/general-midi/roles.ts';
export { type ReadMidiOptions, readMidi } from './formats/midi/read.ts';
export { MIDI_CONVENTIONS, type MidiConvention, type WriteMidiOptions, writeMidi } from './formats/midi/write.ts';
export { type FrameScore, readPickledScore, songFromScore } from './formats/nesmdb-scores/read.ts';
export type { FoundSong, SongReading, WrittenFacts } from './formats/reading.ts';
export { songFromRegisterLog } from './formats/register-log/song.ts';
export { isVgm, readVgmLog, readVgmSong } from './formats/register-log/vgm.ts';
export { withCount } from './formats/repairs.ts';
export { parseJson } from './json.ts';
export {
  AUGMENTATION_NAMES,
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  type AugmentedOptions,
  augmentEvents,
  augmenter,
  augmentSong,
} from './learning/augment/augment.ts';
export * from './learning/baselines.ts';
export {
  type Augment,
  type Cutting,
  PREDICTED_EVENTS,
  WHOLE_SEQUENCES,
  type Window,
} from './learning/batches/bucket.ts';
export { type BatchOptions, BatchSampler, type WindowBatch } from './learning/batches/sampler.ts';
export * from './random.ts';
export * from './song.ts';
export * from './timing/latch.ts';
export { estimateMeter } from './timing/meter.ts';
export { estimateTempo, withEstimatedTiming } from './timing/tempo.ts';
export { prevailingTempo, type TempoMap, tempoMapOf, ticksPerQuarter } from './timing/tempo-map.ts';
export { embeddedTunes } from './tunes/embedded-tunes.ts';
export { parseTune, parseTunes } from './tunes/parse-tune.ts';
export { type Chord, type Key, type Tune, type TuneLine, type TuneNote, tuneToSong } from './tunes/tune.ts';
export { TuneError } from './tunes/tune-error.ts';
