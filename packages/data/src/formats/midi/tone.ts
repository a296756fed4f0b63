import toneMidi from '@tonejs/midi';

/**
 * The part of @tonejs/midi in use: its tempo map, fed with checked events. Version 2.0.28 is kept away from the notes:
 * it pairs note-offs by search, so that one note-off too many gives every later note of that pitch no length.
 */
export const { Header } = toneMidi;
