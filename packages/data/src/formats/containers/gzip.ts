import { ApuError, isGzip, unpackGzip } from '@chipsmith/apu';
import type { Wrapper } from './wrapper.ts';

/** Files packed with gzip: `.vgz`, `.mid.gz`, or by any other name. */
export const gzip: Wrapper = {
  recognises: isGzip,
  open(bytes, maxBytes) {
    try {
      return unpackGzip(bytes, maxBytes);
    } catch (error) {
      if (!(error instanceof ApuError)) throw error;
      return { problem: error.message, byte: error.byteOffset ?? 0 };
    }
  },
};
