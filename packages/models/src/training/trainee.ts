import type { Encoding } from '@chipsmith/data';
import { type Arena, type Device, initialise } from '@chipsmith/kernels';
import { type Checkpoint, sectionsOf } from '../checkpoint/checkpoint.ts';
import type { Model, ModelDefinition, ModelSettings } from '../model.ts';
import { type Optimiser, optimiserOf } from './optimiser.ts';

/** What is trained: a model, and the optimiser of its parameters. */
export interface Trainee {
  readonly model: Model;
  readonly optimiser: Optimiser;
}

/** @param settings as `configure` gives them */
export function traineeOf(definition: ModelDefinition, settings: ModelSettings, encoding: Encoding): Trainee {
  const model = definition.create(settings, encoding);
  return { model, optimiser: optimiserOf(settings.optimiser, model.parameters) };
}

/** The trainee of a checkpoint. */
export function traineeFrom({ model, settings }: Pick<Checkpoint, 'model' | 'settings'>): Trainee {
  return { model, optimiser: optimiserOf(settings.optimiser, model.parameters) };
}

/** The arenas that a checkpoint holds, by the names of their sections. */
export function keptArenas({ model, optimiser }: Trainee): Readonly<Record<string, Arena>> {
  return sectionsOf(model, optimiser.kept);
}

/** Puts what a model starts from on a device; what the optimiser keeps starts at zero. @param seed u32 */
export function initialiseModel(device: Device, { parameters, statistics }: Model, seed: number): void {
  initialise(device, parameters, seed);
  if (statistics) initialise(device, statistics, seed);
}

/** Takes everything of a trainee off a device. */
export function releaseTrainee(device: Device, trainee: Trainee): void {
  device.release(trainee.optimiser.gradients);
  for (const arena of Object.values(keptArenas(trainee))) device.release(arena);
}
