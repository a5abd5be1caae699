import { conversationsView } from '../conversations/conversations-view.js';
import type { Counts } from '../views.js';
import { auditView } from './audit-view.js';
import type { Backend } from './backend.js';
import { endpointsView } from './endpoints-view.js';
import { messagesView } from './messages-view.js';
import { unmappedView } from './unmapped-view.js';

/** What a section needs of the view it stands in. */
export interface SectionContext {
  backend: Backend;
  /** Goes to another section, there to what is searched for. */
  show(section: string, search?: string): void;
}

export interface MountedSection {
  root: HTMLElement;
  /** To be called when the section has become visible, and when something changed. */
  refresh(): void;
  /** Shows what a search finds. */
  find?(text: string): void;
}

export interface Section {
  id: string;
  /** Key of its label. */
  label: string;
  /** Which of the counts is shown on its tab. */
  count?: keyof Counts;
  mount(context: SectionContext): MountedSection;
}

/** The tabs of the view, in their order. A section is one entry here. */
export const SECTIONS: Section[] = [
  { id: 'messages', label: 'section.messages', mount: messagesView },
  { id: 'conversations', label: 'section.conversations', mount: ({ backend }) => conversationsView(backend) },
  { id: 'endpoints', label: 'section.endpoints', mount: endpointsView },
  { id: 'unmapped', label: 'section.unmapped', count: 'unmapped', mount: unmappedView },
  { id: 'audit', label: 'section.audit', mount: auditView },
];
