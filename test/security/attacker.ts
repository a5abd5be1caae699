import { fork } from 'node:child_process';
import { ATTACKS, type Plan, type Report } from './attacks.js';

/** Attacks from a process of its own, so that whoever measures is not held by it. */
export function attack(plan: Plan): Promise<Report> {
  const child = fork(__filename, { execArgv: ['--require', 'tsx/cjs'] });
  child.send(plan);
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as Report));
    child.once('exit', (code) => reject(new Error(`The attacker ended (${code}).`)));
  });
}

if (require.main === module)
  process.once('message', async (plan: Plan) => {
    const report = await ATTACKS[plan.attack](plan);
    process.send?.(report, () => process.exit(0));
  });
