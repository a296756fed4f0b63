export * from './register-log.ts';
export * from './score.ts';
