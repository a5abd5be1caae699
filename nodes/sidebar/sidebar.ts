import type { NodeAPI } from 'node-red';
import { brokers, watchBrokers } from '../../src/delivery/brokers.js';
import { adminRoutes } from '../kit/admin-routes.js';
import { ChangeNotice } from './change-notice.js';
import { serveConversations } from './conversation-routes.js';
import { serveHealth } from './health-routes.js';
import { serveMessages } from './messages-routes.js';
import { serveOperatorViews } from './operator-routes.js';
import { servePage } from './page-routes.js';
import { servePeople } from './people-routes.js';

const TOPIC = 'switchboard/changed';

export = (RED: NodeAPI) => {
  const notice = new ChangeNotice(() => RED.comms.publish(TOPIC, {}, false));
  RED.plugins.registerPlugin('switchboard-sidebar', {
    type: 'switchboard-sidebar',
    onadd() {
      const routes = adminRoutes(RED);
      serveHealth(routes);
      servePage(routes);
      serveMessages(RED, routes);
      serveOperatorViews(routes);
      serveConversations(RED, routes);
      servePeople(routes);
      watchBrokers(() => notice.follow(brokers()));
    },
  });
};
