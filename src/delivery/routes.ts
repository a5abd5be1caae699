import { checkDefault, checkRule, placeOf } from '../conversation/check-route.js';
import { decideRoute } from '../conversation/route.js';
import type { RouteRules } from '../conversation/route-rules.js';
import { sharedExpressions } from '../mapping/expressions.js';
import type { GenericMessage, Side } from '../model/message.js';
import type { RouteDecision, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { partiesOf } from './conversation-parties.js';
import type { Flows } from './flows.js';
import type { FlowReference } from './message-in-flow.js';

/** Decides for route nodes which parties get a message, and keeps the decision with the message. */
export class Routes {
  constructor(
    private readonly store: Store,
    private readonly flows: Flows,
    /** The name of an endpoint. */
    private readonly name: (endpoint: string) => string | undefined,
    private readonly side: (endpoint: string) => Side,
  ) {}

  /**
   * The decision for a message; undefined when it has left its flow. A message of which some legs were accepted before a crash or
   * a failure goes to the same parties again, although its conversation has more parties by now. Rejects with SWB_EXPRESSION or
   * SWB_CONFIG where a rule that a new case reaches fails or is invalid; an update needs no rule.
   * @param node id and name of the route node
   */
  async decide(
    reference: FlowReference,
    { id: node, name: where }: { id: string; name: string },
    rules: RouteRules,
    message: GenericMessage,
  ): Promise<RouteDecision | undefined> {
    const flow = this.flows.inFlow(reference);
    const draft = await flow?.transaction.view();
    if (!flow || !draft) return undefined;
    const { conversation, open } = draft;
    const others = await partiesOf(this.store, conversation, open, message.source);
    const kept = (await this.hasLegs(flow.record.id)) ? flow.record.routes?.find((route) => route.node === node) : undefined;
    const nameOf = (endpoint: string) => this.name(endpoint) ?? endpoint;
    const evaluatorOf = (rule: number) => {
      checkRule(rules, rule, where, nameOf);
      return (expression: string) => sharedExpressions().evaluate(expression, message, { where: placeOf(rule, where) });
    };
    const decision = kept ?? (await decideRoute(rules, message, others, this.side(message.source.endpoint), evaluatorOf));
    if (!kept && decision.by === 'default') checkDefault(rules, where, nameOf);
    flow.routes = [...(flow.routes ?? []).filter((route) => route.node !== node), { ...decision, node }];
    if (decision.by === 'none') {
      const names = others.map(nameOf).join(', ');
      const reason = names ? say`The route node has no output for ${names}.` : say`No rule of the route node matched.`;
      // Reported once for each case: its later messages may match, and are no alarm until then.
      const isKnown = others.length === 0 && conversation.version > 0 && flow.record.emissions === 0;
      flow.unmatched ??= { outcome: isKnown ? 'ignored' : 'unrouted', reason };
    }
    return decision;
  }

  /** Whether some of a message was sent, in an earlier pass through its flow. */
  private async hasLegs(message: string): Promise<boolean> {
    return (await this.store.listDeliveries({ message, limit: 1 })).length > 0;
  }
}
