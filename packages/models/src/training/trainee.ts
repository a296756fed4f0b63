import type { Encoding } from '@chipsmith/data';
import { type Arena, type Device, type Optimiser, startingValues } from '@chipsmith/kernels';
import { writeArena } from '../checkpoint/arena-values.ts';
import { type Checkpoint, sectionsOf, type TrainingState } from '../checkpoint/checkpoint.ts';
import type { Model, ModelDefinition, ModelSettings } from '../model.ts';
import { optimiserOf } from './optimiser.ts';

/** What is trained: a model, and the optimiser of its parameters. */
export interface Trainee {
  readonly settings: ModelSettings;
  readonly model: Model;
  readonly optimiser: Optimiser;
}

/** @param settings as `configure` gives them */
export function traineeOf(definition: ModelDefinition, settings: ModelSettings, encoding: Encoding): Trainee {
  return traineeFrom({ settings, model: definition.create(settings, encoding) });
}

/** The trainee of a checkpoint. */
export function traineeFrom({ settings, model }: Pick<Checkpoint, 'model' | 'settings'>): Trainee {
  return { settings, model, optimiser: optimiserOf(settings.optimiser, model.parameters) };
}

/** The arenas that a checkpoint holds, by the names of their sections. */
export function keptArenas({ model, optimiser }: Trainee): Readonly<Record<string, Arena>> {
  return sectionsOf(model, optimiser);
}

/** What training starts from. @param seed u32 */
export function startingState({ model: { parameters, statistics }, optimiser }: Trainee, seed: number): TrainingState {
  return {
    ...optimiser.startingValues(startingValues(parameters, seed)),
    ...(statistics && { statistics: startingValues(statistics, seed) }),
  };
}

/** Puts all that a checkpoint holds on a device. */
export function writeState(device: Device, trainee: Trainee, state: TrainingState): void {
  for (const [section, arena] of Object.entries(keptArenas(trainee))) writeArena(device, arena, state[section]);
}

/** Takes everything of a trainee off a device. */
export function releaseTrainee(device: Device, trainee: Trainee): void {
  device.release(trainee.optimiser.gradients);
  for (const arena of Object.values(keptArenas(trainee))) device.release(arena);
}
