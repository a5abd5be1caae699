import type { NodeAPI } from 'node-red';
import { linkOf } from '../../src/conversation/correlate.js';
import { DEFAULT_RULES } from '../../src/conversation/ownership.js';
import { decideRoute, otherParties } from '../../src/conversation/route.js';
import { ROUTE_OPERATORS, type RouteRules } from '../../src/conversation/route-rules.js';
import { brokers } from '../../src/delivery/brokers.js';
import { SwitchboardError } from '../../src/errors.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import type { PreviewExpressions } from '../../src/mapping/preview-expressions.js';
import { requireSmallRules } from '../../src/mapping/preview-limits.js';
import type { GenericMessage, Side } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import { type AdminRoutes, maskFor } from '../kit/admin-routes.js';
import { notePreview } from '../kit/audited.js';
import { previewing } from '../kit/previews.js';
import { type KeptMessage, keptGeneric } from '../mapping/kept-messages.js';
import type { PreviewedMessage } from './previewed-message.js';

/** Number of recent messages in the preview. */
const MESSAGES = 20;
/** Characters of the value of a condition. */
const MAX_VALUE = 1_000;

/** Serves the preview of the dialog. It only reads, so anyone who may see messages may try rules on them. */
export function serveRoutePreview(RED: NodeAPI, routes: AdminRoutes): void {
  routes.post(
    'routes/preview',
    previewing(async (req, expressions) => {
      const rules = rulesOf(req.body?.rules);
      await notePreview(req, 'route');
      const known = new Set([...rules.parties, ...rules.rules.map(({ from }) => from)]);
      const kept = (await keptGeneric(RED, maskFor(req), MESSAGES)).filter(({ sample }) => known.has(endpointOf(sample)));
      return Promise.all(kept.map((one) => previewed(rules, one, expressions)));
    }),
    'switchboard.read',
  );
}

async function previewed(
  rules: RouteRules,
  { sample, ...kept }: KeptMessage,
  expressions: PreviewExpressions,
): Promise<PreviewedMessage> {
  const message = sample as unknown as GenericMessage;
  const { number, title, endpoint, receivedAt } = kept;
  const heading = { number, title, endpoint, receivedAt };
  try {
    const evaluatorOf = (rule: number) => {
      const where = say`Rule ${rule}`;
      expressions.requireTime(where);
      return (expression: string) => expressions.evaluate(expression, message, { where });
    };
    const others = await partiesBefore(message);
    const route = await decideRoute(rules, message, others, sideOf(message), evaluatorOf);
    return { ...heading, ...(others.length > 0 && { isUpdate: true }), route };
  } catch (error) {
    return { ...heading, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The other parties of the conversation; none for an entity that began one, which is shown as if it were new. */
async function partiesBefore({ source }: GenericMessage): Promise<string[]> {
  for (const { store } of brokers()) {
    const conversation = await store.conversationByLink(source.endpoint, source.entityType, source.id);
    const link = conversation && linkOf(conversation, source.endpoint, source.entityType, source.id);
    if (link) return link.origin === 'theirs' ? [] : otherParties(conversation, [], source);
  }
  return [];
}

function sideOf({ source }: GenericMessage): Side {
  const broker = brokers().find((one) => one.client(source.endpoint));
  return broker?.rules(source.endpoint).side ?? DEFAULT_RULES.side;
}

function endpointOf(sample: KeptMessage['sample']): string {
  return (sample as unknown as GenericMessage).source.endpoint;
}

/** Checks the form of what the dialog sent; the dialog itself marks what is incomplete. */
function rulesOf(value: unknown): RouteRules {
  const { parties, rules, matches, otherwise } = (value ?? {}) as Partial<RouteRules>;
  const areTexts = (list: unknown): list is string[] => Array.isArray(list) && list.every((one) => typeof one === 'string');
  const isCondition = (one: RouteRules['rules'][number]['when'][number]) =>
    ROUTE_OPERATORS.includes(one?.operator) && typeof one.field === 'string' && typeof one.value === 'string';
  const isRule = (one: RouteRules['rules'][number]) =>
    typeof one?.from === 'string' && areTexts(one.to) && Array.isArray(one.when) && one.when.every(isCondition);
  if (!areTexts(parties) || !Array.isArray(rules) || !rules.every(isRule))
    throw new RefusedRequest(400, 'SWB_PAYLOAD', say`${'rules'} is missing or wrong.`, {
      where: say`Route preview`,
      field: 'rules',
      hint: say`Send the settings of a route node.`,
    });
  requireSmallConditions({ parties, rules }, rules);
  return { parties, rules, matches: matches === 'all' ? 'all' : 'first', otherwise: String(otherwise ?? '') };
}

/** A condition takes as long as its text and that of a message are. */
function requireSmallConditions(given: unknown, rules: RouteRules['rules']): void {
  const where = say`Route preview`;
  requireSmallRules(given, [rules, rules.flatMap(({ when }) => when)], where);
  const long = rules
    .flatMap(({ when }) => when)
    .find(({ operator, value }) => operator !== 'expression' && value.length > MAX_VALUE);
  if (!long) return;
  throw new SwitchboardError(
    'SWB_TOO_LARGE',
    say`A value of a condition has ${long.value.length} characters, more than ${MAX_VALUE}.`,
    {
      where,
      field: long.field,
      hint: say`Shorten it.`,
    },
  );
}
