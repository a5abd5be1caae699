export type Version = 'v4' | 'v5';
export type Profile = 'standard' | 'servicenow';

/**
 * How a PATCH adds notes and attachments: by sending the whole list, only the new entry, or a JSON Patch (TMF630; providers
 * differ). `auto`: by JSON Patch where the provider accepts it, else the whole list.
 */
export type ArrayMode = 'auto' | 'replace' | 'append' | 'jsonPatch';

/** The differences between the versions of a TM Forum API and ServiceNow's own form of it. */
export interface TmfDialect {
  /** Below the base URL. */
  apiPath: string;
  /** Attributes that a create must not contain. */
  notCreatable: ReadonlySet<string>;
  /** Attributes that a PATCH must not contain. */
  notPatchable: ReadonlySet<string>;
  patchType: string;
  /** Every object names its type. */
  typed: boolean;
  hub: boolean;
  /**
   * Attributes of a note: all of the standard's or, in ServiceNow's APIs, only its text, with or without a type for comments and
   * work notes.
   */
  note: 'full' | 'typedText' | 'text';
}

/** The v4 definitions know no other media type; its semantics are those of a merge patch. */
export const V4_PATCH = 'application/json;charset=utf-8';
export const V5_PATCH = 'application/merge-patch+json';
