import type { AdminRoutes, Response } from '../kit/admin-routes.js';
import { type PageFile, pageFile, pageLabels } from './page-files.js';

/** Serves the operator view as a separate page: `switchboard/page` below the admin root. */
export function servePage(routes: AdminRoutes): void {
  const send = (name: PageFile, res: Response) => {
    const { type, text } = pageFile(name);
    res.type(type).send(text);
  };
  routes.file('page', (req, res) => {
    // With a trailing slash, the browser would look for the page's files one level too deep.
    if (/\/(\?|$)/.test(req.originalUrl)) res.redirect('../page');
    else send('page.html', res);
  });
  routes.file('page/page.js', (_req, res) => send('page.js', res));
  routes.file('page/page.css', (_req, res) => send('page.css', res));
  routes.file('page/labels', (req, res) => res.json(pageLabels(req.acceptsLanguages())));
}
