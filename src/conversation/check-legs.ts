import { SwitchboardError } from '../errors.js';
import { sharedExpressions } from '../mapping/expressions.js';
import { say } from '../text/say.js';
import { type FanOutLeg, LEG_NAME, rowIdOf } from './fan-out-rules.js';

/** Throws SWB_CONFIG if the legs of a fan-out node are invalid; their conditions: `checkConditions`. Pure. */
export function checkLegs(legs: readonly FanOutLeg[], where: string): void {
  const wrong = (what: string, hint: string) => new SwitchboardError('SWB_CONFIG', what, { where, field: 'legs', hint });
  if (legs.length === 0) throw wrong(say`The fan-out node has no legs.`, say`Add a leg for each party in the node’s dialog.`);
  const names = new Set<string>();
  const ids = new Set<string>();
  for (const leg of legs) {
    if (!LEG_NAME.test(leg.name))
      throw wrong(say`"${leg.name}" is not a valid leg name.`, say`Use letters, digits and dashes, at most 24 characters.`);
    if (names.has(leg.name)) throw wrong(say`Two legs are named "${leg.name}".`, say`Give each leg a unique name.`);
    names.add(leg.name);
    if (ids.has(rowIdOf(leg)))
      throw wrong(
        say`Two legs are known to open orders as "${rowIdOf(leg)}".`,
        say`Remove one of them, or give the one that was renamed another id in the flow file.`,
      );
    ids.add(rowIdOf(leg));
    for (const { leg: other } of leg.after ?? [])
      if (!legs.some((l) => l.name === other))
        throw wrong(say`The leg "${leg.name}" waits for "${other}", which does not exist.`, say`Choose an existing leg.`);
  }
  const inCycle = legs.find((leg) => waitsFor(leg, leg.name, legs));
  if (inCycle)
    throw wrong(
      say`The leg "${inCycle.name}" waits for itself, directly or through other legs.`,
      say`Remove one of the conditions.`,
    );
}

/** Rejects with SWB_CONFIG if the condition of a leg is no JSONata. */
export function checkConditions(legs: readonly FanOutLeg[], where: string): Promise<void> {
  const conditions = legs.flatMap(({ name, condition }) =>
    condition ? [{ expression: condition, where: legOf(name, where) }] : [],
  );
  return sharedExpressions().check(conditions);
}

/** The name of a leg in texts. */
export function legOf(name: string, where: string): string {
  return say`${where}, leg "${name}"`;
}

/** Does a leg wait for the named one, directly or through other legs? */
function waitsFor(leg: FanOutLeg, name: string, legs: readonly FanOutLeg[], visited = new Set<string>()): boolean {
  if (visited.has(leg.name)) return false;
  visited.add(leg.name);
  return (leg.after ?? []).some((predecessor) => {
    const next = legs.find((l) => l.name === predecessor.leg);
    return predecessor.leg === name || (next !== undefined && waitsFor(next, name, legs, visited));
  });
}
