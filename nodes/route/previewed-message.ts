import type { RouteDecision } from '../../src/store/store.js';

/** A stored message in the preview of a route node, and where the rules would send it. */
export interface PreviewedMessage {
  number: string;
  title?: string;
  /** Name of the endpoint that sent it. */
  endpoint: string;
  receivedAt: string;
  /** It is an update of a conversation that has other parties; otherwise it is shown as a new case. */
  isUpdate?: boolean;
  route?: RouteDecision;
  /** Why it is not known where it would go: an expression failed, of the rule that it names. */
  error?: string;
}
