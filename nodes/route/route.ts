import type { Node, NodeAPI, NodeDef } from 'node-red';
import { checkExpressions, checkParties, checkRoute } from '../../src/conversation/check-route.js';
import { ROUTE_MATCHES, type RouteRules } from '../../src/conversation/route-rules.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { adminRoutes } from '../kit/admin-routes.js';
import { whenValid } from '../kit/configured.js';
import { envelopeOf, genericMessageOf, handle, type Msg } from '../kit/handle.js';
import { type EndpointNode, requireEndpoint } from '../kit/parties.js';
import { choiceSetting } from '../kit/settings.js';
import { show } from '../kit/status.js';
import { type RouteConfig, routeDefaults } from './route.config.js';
import { serveRoutePreview } from './route-preview.js';

export = (RED: NodeAPI) => {
  const nameOf = (endpoint: string) => (RED.nodes.getNode(endpoint) as EndpointNode | null)?.label ?? endpoint;

  function Route(this: Node, config: NodeDef & RouteConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'route';
    const { parties = [], rules = [], otherwise = '' } = config;
    const route: RouteRules = { parties, rules, matches: config.matches || routeDefaults.matches, otherwise };
    const checkMatches = () => choiceSetting(RED, route.matches, ROUTE_MATCHES, 'matches', where);

    whenValid(RED, this, () => {
      checkMatches();
      checkRoute(route, where, nameOf);
      return checkExpressions(route, where);
    });
    handle(this, async (msg, send) => {
      // An invalid rule fails the new cases that reach it; updates need no rule.
      checkParties(route, where, nameOf);
      checkMatches();
      const envelope = envelopeOf(msg, where);
      if (!envelope.conversation) {
        throw new SwitchboardError('SWB_PAYLOAD', say`The message does not belong to a conversation.`, {
          where,
          hint: say`Place a conversation correlate node before this one.`,
        });
      }
      const message = genericMessageOf(msg, where);
      const broker = await requireEndpoint(RED, envelope.endpoint, where).broker;
      const decision = await broker.routes.decide(envelope, { id: this.id, name: where }, route, message);
      if (!decision) return;
      const { to, by, rules: matching } = decision;
      // An output for which the node has no row any more cannot be used: the party was removed since the decision was kept.
      const ports = to.map((endpoint) => parties.indexOf(endpoint)).filter((port) => port >= 0);
      if (by === 'none') ports.push(parties.length);
      const out = Array.from({ length: parties.length + 1 }, (): Msg | null => null);
      for (const port of ports) {
        const copy = RED.util.cloneMessage(msg as never) as Msg;
        if (copy.switchboard) copy.switchboard.route = { to, by, ...(matching && { rules: matching }) };
        out[port] = copy;
      }
      send(out);
      if (by === 'none') show(this, 'warning', say`no match`);
      else show(this, 'ok', say`to ${to.map(nameOf).join(', ')}`);
    });
  }
  RED.nodes.registerType('switchboard-route', Route as never);
  serveRoutePreview(RED, adminRoutes(RED));
};
