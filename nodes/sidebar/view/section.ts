import type { Counts } from '../views.js';
import type { Backend } from './backend.js';

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
