import type { Counts } from '../views.js';
import type { Backend } from './backend.js';

/** What a section needs from the view. */
export interface SectionContext {
  backend: Backend;
  /** Shows another section, optionally with a search. */
  show(section: string, search?: string): void;
}

export interface MountedSection {
  root: HTMLElement;
  /** To be called when the section becomes visible, and on changes. */
  refresh(): void;
  /** Searches for a text. */
  find?(text: string): void;
}

export interface Section {
  id: string;
  /** Key of the label. */
  label: string;
  /** The count shown on the tab. */
  count?: keyof Counts;
  mount(context: SectionContext): MountedSection;
}
