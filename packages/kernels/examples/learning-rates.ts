import { adamSchedule, constantRate, cosineDecay, exponentialDecay, warmUp } from '@chipsmith/kernels';

const steady = constantRate(0.001);
const cosine = cosineDecay(0.001, { steps: 1000, floor: 0.0001 }); // half a cosine down to the floor at step 1000
const exponential = exponentialDecay(0.001, { factor: 0.999, floor: 0.0001 }); // 0.1 % closer to the floor each step
const warm = warmUp(100, cosineDecay(0.001, { steps: 900 })); // rises for 100 steps, then falls for 900

// In a training loop: program.write(schedule, adamSchedule(step, warm(step)));
for (const step of [1, 100, 101, 1000]) {
  console.log(step, steady(step), cosine(step), exponential(step), warm(step), adamSchedule(step, warm(step)));
}
