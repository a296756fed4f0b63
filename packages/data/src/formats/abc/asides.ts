/** A chord symbol or annotation in quotation marks, which word processors make curly. */
export const CHORD_SYMBOL = '"[^"]*"|[“”„][^“”„"]*[“”]';

/**
 * A decoration, `!trill!` or `+trill+` of the older editions, without spaces but for `!D.C. al Fine!` and its like:
 * between lone exclamation marks, which broke lines in the oldest editions, stand notes, spaces and bar lines. A word
 * with spaces around it, `! trill !`, is told from notes by a letter that is none.
 */
export const DECORATION = String.raw`![^!|\s]*!|! *(?=[A-Za-z]*[h-tw])[A-Za-z]{2,}[()]? *!|!(?:D\. ?[CS]\.|[Dd]al? (?:[Cc]apo|[Ss]egno|[Cc]oda))[^!|[\]]*!|\+[^+|\s[\]]*\+`;

/** Grace notes. */
export const GRACE_NOTES = String.raw`\{([^{}]*)\}`;

/** A field in brackets, such as `[K:G]`. */
export const INLINE_FIELD = String.raw`\[([A-Za-z]):([^[\]]*)\]`;

/** All that stands among notes without being one, and a comment. */
export const ASIDES = [CHORD_SYMBOL, DECORATION, GRACE_NOTES, INLINE_FIELD, '%.*$'].join('|');
