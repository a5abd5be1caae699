import type { NodeAPI } from 'node-red';
import { type PageFile, pageFile, pageLabels } from './page-files.js';

interface Request {
  originalUrl: string;
  acceptsLanguages(): string[];
}
interface Response {
  type(type: string): Response;
  send(text: string): void;
  json(body: unknown): void;
  redirect(url: string): void;
}
type App = { get(path: string, handler: (req: Request, res: Response) => void): void };

/** Serves the messages view as a page of its own: `switchboard/page` below the admin root. */
export function servePage(RED: NodeAPI): void {
  const app = RED.httpAdmin as unknown as App;
  const file = (name: PageFile) => (_req: Request, res: Response) => {
    const { type, text } = pageFile(name);
    res.type(type).send(text);
  };
  app.get('/switchboard/page', (req, res) => {
    // With a slash at its end the page's own files would be looked for one level too deep.
    if (/\/(\?|$)/.test(req.originalUrl)) res.redirect('../page');
    else file('page.html')(req, res);
  });
  app.get('/switchboard/page/page.js', file('page.js'));
  app.get('/switchboard/page/page.css', file('page.css'));
  app.get('/switchboard/page/labels', (req, res) => res.json(pageLabels(req.acceptsLanguages())));
}
