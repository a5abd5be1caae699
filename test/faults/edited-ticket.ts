import { until } from '../live/node-red.js';
import type { Row } from './encoded-query.js';
import type { FaultRig } from './fault-rig.js';

/** A ticket at both sides, with two comments and two files from each side. */
export class EditedTicket {
  sysId = '';
  id = '';

  constructor(
    private readonly rig: FaultRig,
    readonly mark: string,
  ) {}

  get notes(): string[] {
    return this.rig.partners.provider.tickets.get(this.id)!.value.note.map(({ text }) => text);
  }

  get comments(): string[] {
    return this.rig.partners.customer.comments(this.sysId);
  }

  get files(): { customer: string[]; provider: string[] } {
    const { customer, provider } = this.rig.partners;
    const contents = (files: { content: string }[]) => files.map(({ content }) => content).sort();
    return { customer: contents(customer.files(this.sysId)), provider: contents(provider.files(this.id)) };
  }

  async open(): Promise<void> {
    const { customer, provider } = this.rig.partners;
    const { mark } = this;
    this.sysId = customer.create({ short_description: mark, description: mark }).sys_id!;
    this.id = await until('the ticket', () => [...provider.tickets.values()].find(({ value }) => value.name === mark)?.value.id);
    for (const word of ['one', 'two']) {
      this.comment('customer', `customer ${word}`);
      this.comment('provider', `provider ${word}`);
      this.attach('customer', word);
      this.attach('provider', word);
    }
    const isWhole = () => {
      const { files } = this;
      return [this.notes, this.comments, files.customer, files.provider].every((list) => list.length === 4);
    };
    await until('all comments and files', isWhole);
  }

  comment(side: 'customer' | 'provider', text: string): void {
    const { customer, provider } = this.rig.partners;
    if (side === 'customer') customer.update(this.sysId, { comments: text });
    else provider.note(this.id, text);
  }

  attach(side: 'customer' | 'provider', word: string): void {
    const id = side === 'customer' ? this.sysId : this.id;
    this.rig.partners[side].attach(id, `${side}-${word}.txt`, Buffer.from(`${side} ${word}`));
  }

  /** Each side edits one of its comments. */
  edit(): void {
    const { customer, provider } = this.rig.partners;
    customer.editComment(this.entry('customer one'), 'customer one, corrected');
    const index = this.notes.indexOf('provider one');
    provider.editNote(this.id, index, 'provider one, corrected');
  }

  /** A side deletes one of its comments. */
  deleteComment(side: 'customer' | 'provider'): void {
    const { customer, provider } = this.rig.partners;
    if (side === 'customer') customer.deleteComment(this.entry('customer two'));
    else provider.deleteEntry(this.id, 'note', this.notes.indexOf('provider two'));
  }

  /** A side deletes one of its files. */
  deleteFile(side: 'customer' | 'provider'): void {
    const { customer, provider } = this.rig.partners;
    if (side === 'customer') {
      const isIt = ({ table_sys_id, file_name }: Row) => table_sys_id === this.sysId && file_name === 'customer-two.txt';
      customer.deleteFile(customer.attachments.find(({ value }) => isIt(value))!.value.sys_id!);
      return;
    }
    const names = provider.tickets.get(this.id)!.value.attachment.map(({ name }) => name);
    provider.deleteEntry(this.id, 'attachment', names.indexOf('provider-two.txt'));
  }

  private entry(text: string): string {
    const { journals } = this.rig.partners.customer;
    return journals.find(({ value }) => value.element_id === this.sysId && value.value === text)!.value.sys_id!;
  }
}
