/** What to erase: all tickets in which a person appears under one of these texts, or those with one of these numbers or ids. */
export interface ErasureRequest {
  person?: readonly string[];
  ticket?: readonly string[];
}

/** A ticket that was found, as shown to the user. */
export interface FoundTicket {
  /** Of the conversation; of a message without one, its own id. */
  id: string;
  /** Numbers or ids of its entities. */
  numbers: string[];
  title?: string;
  messages: number;
  deliveries: number;
  /** Why it is not erased, in words. */
  refused?: string;
}

/** What is or would be erased. */
export interface ErasureResult {
  tickets: FoundTicket[];
  /** Unknown values that name the person. */
  values: number;
  /** Entries of the log that no longer name the person or ticket, with the one of this search. */
  entries: number;
  /** Why more may have been found than was meant, in words. */
  warning?: string;
}
