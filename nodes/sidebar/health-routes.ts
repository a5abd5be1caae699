import { health } from '../../src/health/health.js';
import { liveness, readiness } from '../../src/health/readiness.js';
import type { AdminRoutes } from '../kit/admin-routes.js';

/** The health checks of `switchboard run`, for a Node-RED that was started in another way. */
export function serveHealth(routes: AdminRoutes): void {
  routes.check('health', health);
  routes.check('health/live', liveness);
  routes.check('health/ready', readiness);
}
