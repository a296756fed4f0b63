import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

// Test files of one worker share the modules they load, which takes longer than most of the tests: 61 s instead of 109
// s. None of them leaves anything behind that another could notice.
export default mergeConfig(shared, { test: { isolate: false } });
