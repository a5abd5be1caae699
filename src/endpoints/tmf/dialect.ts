export type Version = 'v4' | 'v5';
export type Profile = 'standard' | 'servicenow';

/**
 * How notes and attachments are added by PATCH: the whole list again, only the new entry, or a JSON patch (TMF630; providers differ). `auto`: by JSON
 * Patch where the provider takes it, else the whole list.
 */
export type ArrayMode = 'auto' | 'replace' | 'append' | 'jsonPatch';

/** In what the versions of any TM Forum API differ, and ServiceNow's own form of it. */
export interface TmfDialect {
  /** Below the base URL. */
  apiPath: string;
  /** Attributes that a create may not hold. */
  notCreatable: ReadonlySet<string>;
  /** Attributes that a PATCH may not hold. */
  notPatchable: ReadonlySet<string>;
  patchType: string;
  /** Every object names its type. */
  typed: boolean;
  hub: boolean;
  /** What a note holds: all that the standard has, or, in ServiceNow's APIs, its text, with a type that tells comments from work notes or not. */
  note: 'full' | 'typedText' | 'text';
}

/** The v4 definitions know no other type; its semantics are those of a merge patch. */
export const V4_PATCH = 'application/json;charset=utf-8';
export const V5_PATCH = 'application/merge-patch+json';
