/**
 * A name as it is stored and compared: Unicode NFC, without white space around it. Case and look-alike letters count:
 * "Baseline" is not "baseline", and a Cyrillic а is not a Latin a. In a file of its own, without imports, because the
 * browser compares too.
 */
export const normalizeName = (name: string): string => name.normalize("NFC").trim();

/** Of what somebody says about why. */
export const NOTE_LENGTH_MAX = 500;
