export * from './song.ts';
