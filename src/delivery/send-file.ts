import type { Readable } from 'node:stream';
import type { SpooledAttachment } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { GenericAttachment } from '../model/message.js';
import { say } from '../text/say.js';
import { FileError } from './file-error.js';
import { asPassedOn, type FilePolicy, fileTooLarge, requireAllowed, requireServedAllowed } from './file-policy.js';
import { type FileOrigin, fetchFile } from './file-transfer.js';
import { keepLooking } from './in-doubt.js';
import { withSentPart } from './link-updates.js';
import type { SendContext } from './send-context.js';
import { findPart, type PartWrite } from './send-part.js';
import type { SendResult } from './send-result.js';

/** A file to send, and where it comes from. */
export interface AttachmentRequest {
  attachment: GenericAttachment;
  from: FileOrigin;
}

/** A party that a file comes from or goes to. */
interface FileParty {
  name: string;
  policy: FilePolicy;
}

/** Sends a file, if the policies of both parties and the virus scanner let it pass. */
export async function attach(write: PartWrite, request: AttachmentRequest): Promise<SendResult> {
  const { delivery, link, inDoubt, context } = write;
  const { client, spool } = context;
  const parties = [request.from.endpoint, delivery.endpoint].map((id) => partyAt(id, context));
  const attachment = asPassedOn(request.attachment, Math.min(...parties.map(({ policy }) => policy.longestName)));
  const requirePolicies = () => {
    for (const { policy, name } of parties) requireAllowed(attachment, policy, name);
  };
  if (!inDoubt) requirePolicies();
  const file = (await spool.find(delivery.id, attachment)) ?? (await fetched(write, request, attachment, parties));
  // What was sent before passed then: whether it arrived must be known, whatever is forbidden or found now.
  if (!inDoubt) await requireClean(file, delivery.id, context);
  context.willWrite(delivery.id);
  const lookUp = (others: readonly string[]) =>
    client.findAttachment(delivery.entityType, link.id, file, delivery.begun ?? '', others);
  const found = await findPart(write, lookUp, attachment.name, attachment.at);
  if (inDoubt && !found) {
    await keepLooking(attachment.name, delivery, context);
    requirePolicies();
    await requireClean(file, delivery.id, context);
  }
  context.lookedUp();
  const part = found ?? (await client.attach(delivery.entityType, link.id, file, link.seen));
  const stamp = context.ids();
  await spool.remove(delivery.id);
  return {
    what: found
      ? say`found ${attachment.name} attached by an earlier try`
      : say`attached ${attachment.name} (${file.size} bytes)`,
    link: { id: link.id, number: link.number },
    response: part,
    change: (latest) => withSentPart(latest, delivery, part.id, attachment, stamp),
  };
}

function partyAt(endpoint: string, context: SendContext): FileParty {
  return { name: context.endpoint(endpoint)?.name ?? endpoint, policy: context.filePolicy(endpoint) };
}

async function fetched(
  { delivery, context }: PartWrite,
  { attachment: asGiven, from }: AttachmentRequest,
  attachment: GenericAttachment,
  parties: readonly FileParty[],
): Promise<SpooledAttachment> {
  const { spool, filePace: pace, closing } = context;
  const source = context.endpoint(from.endpoint);
  if (!source) {
    // A deploy may be replacing it.
    throw new PartnerError(
      'SWB_PARTNER_UNAVAILABLE',
      say`The endpoint ${from.endpoint}, which has the attachment ${attachment.name}, is not available.`,
      { hint: say`Check its settings and deploy.`, outcome: 'notDone', retry: true, otherPartner: from.endpoint },
    );
  }
  const requireSize = (bytes: number) => {
    for (const { policy, name } of parties) if (bytes > policy.largest) throw fileTooLarge(attachment, policy.largest, name);
  };
  const requireType = (mediaType: string) => {
    for (const { policy, name } of parties) requireServedAllowed(attachment, mediaType, policy, name);
  };
  const store = (content: Readable, signal: AbortSignal) =>
    spool.store(delivery.id, attachment, content, { signal, requireSize });
  // The source knows it by its own name.
  return fetchFile(source, from, asGiven, { store, pace, requireType, closing, name: attachment.name });
}

/** Throws FileError where the virus scanner finds something in a file, and removes it; or where it cannot scan it. */
async function requireClean({ name, path }: SpooledAttachment, spooled: string, context: SendContext): Promise<void> {
  const { spool, scanner, closing } = context;
  const found = await scanner?.scan(path, closing);
  if (found === undefined) return;
  await spool.remove(spooled);
  throw new FileError('SWB_FILE_REFUSED', say`The file ${name} is not passed on: the virus scanner found ${found}.`, {
    hint: say`Warn the party that it comes from, and skip it. If the scanner is wrong, correct it and replay the file.`,
  });
}
