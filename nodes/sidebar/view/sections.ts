import { conversationsView } from '../conversations/conversations-view.js';
import { auditView } from './audit-view.js';
import { endpointsView } from './endpoints-view.js';
import { messagesView } from './messages-view.js';
import type { Section } from './section.js';
import { unmappedView } from './unmapped-view.js';

/** The tabs of the view, in order. To add a section, add an entry here. */
export const SECTIONS: Section[] = [
  { id: 'messages', label: 'section.messages', mount: messagesView },
  { id: 'conversations', label: 'section.conversations', mount: ({ backend }) => conversationsView(backend) },
  { id: 'endpoints', label: 'section.endpoints', mount: endpointsView },
  { id: 'unmapped', label: 'section.unmapped', count: 'unmapped', mount: unmappedView },
  { id: 'audit', label: 'section.audit', mount: auditView },
];
