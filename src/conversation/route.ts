import type { GenericMessage, Side } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, RouteDecision } from '../store/store.js';
import { TimeSlice } from '../time-slice.js';
import { linkAt, linkOf } from './correlate.js';
import { type Evaluate, holds, type TextsAt, textsOfMessage } from './route-condition.js';
import { ROUTE_SIDES, type RouteRules } from './route-rules.js';

/** What a delivery must tell to count as one that will create an entity. */
type Creation = Pick<DeliveryRecord, 'endpoint' | 'entityType' | 'leg' | 'part' | 'state'>;

/**
 * The endpoints at which a conversation has an entity other than the source of a message, or will have one: a delivery that
 * creates it is on its way, or a user has unlinked the former one. Empty: nothing was created at anybody else yet. A create that failed counts only beside other
 * parties: alone, it leaves the case as undecided as before. Pure.
 * @param deliveries the conversation's deliveries that are open, need a decision, or failed
 */
export function otherParties(
  conversation: ConversationRecord,
  deliveries: readonly Creation[],
  source: GenericMessage['source'],
): string[] {
  const own = linkOf(conversation, source.endpoint, source.entityType, source.id);
  const creations = deliveries.filter((d) => d.part === 'entity' && !linkAt(conversation, d.endpoint, d.entityType, d.leg));
  const former = conversation.formerParties?.filter((endpoint) => endpoint !== source.endpoint) ?? [];
  const certain = [
    ...conversation.links.filter((link) => link !== own),
    ...creations.filter(({ state }) => state !== 'failed'),
    ...former.map((endpoint) => ({ endpoint })),
  ];
  return certain.length > 0 ? [...new Set([...certain, ...creations].map(({ endpoint }) => endpoint))] : [];
}

/**
 * Decides which parties get a message. An update goes to the other parties of its conversation. What has no other party yet is a
 * new case, and goes where the rules say; never back to the endpoint it came from. Pure except for what it is given.
 * @param others see `otherParties`
 * @param side of the source's endpoint
 * @param evaluatorOf how the expressions of a rule, numbered from 1, are evaluated; called for each rule that the message reaches,
 * and throws if that one is invalid
 */
export async function decideRoute(
  { parties, rules, matches, otherwise }: RouteRules,
  message: GenericMessage,
  others: readonly string[],
  side: Side,
  evaluatorOf: (rule: number) => Evaluate,
): Promise<RouteDecision> {
  const rowsOf = (endpoints: readonly string[]) => {
    const wanted = new Set(endpoints);
    return parties.filter((party) => wanted.has(party));
  };
  if (others.length > 0) {
    const to = rowsOf(others);
    return { to, by: to.length > 0 ? 'conversation' : 'none' };
  }
  const { endpoint } = message.source;
  const found: string[] = [];
  const matching: number[] = [];
  const textsAt = textsOfMessage(message);
  const slice = new TimeSlice();
  for (const [index, rule] of rules.entries()) {
    if (!isFrom(rule.from, endpoint, side)) continue;
    await slice.yieldIfDue();
    const evaluate = evaluatorOf(index + 1);
    const to = rule.to.filter((party) => party !== endpoint);
    if (to.length === 0 || !(await allHold(rule.when, message, evaluate, textsAt))) continue;
    found.push(...to);
    matching.push(index + 1);
    if (matches === 'first') break;
  }
  if (matching.length > 0) return { to: rowsOf(found), by: 'rule', rules: matching };
  return otherwise && otherwise !== endpoint ? { to: [otherwise], by: 'default' } : { to: [], by: 'none' };
}

function isFrom(from: string, endpoint: string, side: Side): boolean {
  return from === '' || from === endpoint || (from in ROUTE_SIDES && ROUTE_SIDES[from as keyof typeof ROUTE_SIDES] === side);
}

async function allHold(
  conditions: RouteRules['rules'][number]['when'],
  message: GenericMessage,
  evaluate: Evaluate,
  textsAt: TextsAt,
): Promise<boolean> {
  for (const condition of conditions) if (!(await holds(condition, message, evaluate, textsAt))) return false;
  return true;
}
