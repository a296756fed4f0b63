import { ApuError } from './errors.ts';
import { checkRegisterLog, type RegisterLog } from './register-log.ts';

/**
 * A log that loops, played out: to its end, then from its loop to the end again, so that it is so many times heard. The
 * result has no loop.
 *
 * Throws ApuError for a malformed log, one that does not loop, or a number of times that is not a whole number of 1 or
 * more.
 */
export function unrollLoop(log: RegisterLog, times: number): RegisterLog {
  checkRegisterLog(log);
  const { loop, ...once } = log;
  if (loop === undefined) throw new ApuError('the log does not loop: give one with a loop');
  if (!(Number.isSafeInteger(times) && times >= 1))
    throw new ApuError(`${times} times: give a whole number of 1 or more`);
  const length = log.duration - loop;
  const again = <Item extends { readonly cycle: number }>(items: readonly Item[]): Item[] => {
    const looped = items.filter(({ cycle }) => cycle >= loop);
    const passes = Array.from({ length: times - 1 }, (_, pass) =>
      looped.map((item) => ({ ...item, cycle: item.cycle + (pass + 1) * length })),
    );
    return [...items, ...passes.flat()];
  };
  return {
    ...once,
    writes: again(log.writes),
    duration: log.duration + (times - 1) * length,
    ...(log.memory && { memory: again(log.memory) }),
  };
}
