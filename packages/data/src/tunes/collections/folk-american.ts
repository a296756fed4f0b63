/** Songs of North America: traditional, and by Stephen Foster and his contemporaries. */
export const AMERICAN_FOLK = `
T: Oh! Susanna
C: Stephen Foster (1826-1864)
M: 2/4
L: 1/8
Q: 116
K: G
P: AABA
P:A
G/ A/ | "G"B d d3/2 e/2 | d B G3/2 A/2 | B B A G | "D7"A3 G/ A/ | "G"B d d3/2 e/2 | d B G3/2 A/2 | B B "D7"A A | "G"G3
P:B
z | "C"c2 c2 | e e2 e | "G"d d B G | "D7"A3

T: Yankee Doodle
C: Traditional (United States)
M: 2/4
L: 1/8
Q: 126
K: G
P: AB
P:A
"G"G G A B | G B "D7"A D | "G"G G A B | G2 "D7"F D | "G"G G A B | "C"c B A G | "D7"F D E F | "G"G2 G2 |
P:B
"C"E3/2 F/2 E D | E F G2 | "G"D3/2 E/2 D C | B,2 D2 | "C"E3/2 F/2 E D | E F G E | "G"D G "D7"F A | "G"G2 G2 |

T: Oh My Darling, Clementine
C: Traditional (United States)
M: 3/4
L: 1/8
Q: 126
K: F
P: AA
P:A
F3/2 F/2 | "F"F2 C2 A3/2 A/2 | A2 F2 F3/2 A/2 | c3 c B A | "C7"G4 G3/2 A/2 | B3 B A3/2 G/2 | "F"A2 F2 F3/2 A/2 | "C7"G3 C E3/2 G/2 | "F"F4

T: When the Saints Go Marching In
C: Traditional (United States)
M: 4/4
L: 1/4
Q: 152
K: F
P: AA
P:A
F A B | "F"c4 | z F A B | c4 | z F A B | c2 A2 | F2 A2 | "C7"G4 |
"F"z A A G | "F"F3 F | A2 c c | "Bb"c B3 | z2 A B | "F"c2 A2 | "C7"F2 G2 | "F"F4 | z

T: Shenandoah
C: Traditional (United States)
M: 4/4
L: 1/4
Q: 80
K: D
A, | "D"D D D2- | D E F G | B A A2- | A d c B | "D"A B A F | "D"A4- | A2 A B |
"G"B B2 D | "F#m"F E "D"D2- | D2 D E | "Bm"F2 D F | "G"B A2 D | "D"E F2 D | "A7"E2 "D"D2- | D3 |

T: Red River Valley
C: Traditional (United States)
M: 4/4
L: 1/4
Q: 120
K: G
P: AA
P:A
D G | "G"B3 B | B A G A | G4- | G2 D G | B3 G | B d c B | "D7"A4- | A2 d c |
"G"B3 B | "G7"A G A B | "C"c4- | c2 E E | "D7"D3 F | "G"G A "D7"B A | "G"G4- | G2

T: When Johnny Comes Marching Home
C: Patrick Gilmore (1829-1892)
M: 6/8
L: 1/8
Q: 180
K: Em
B, | "Em"E2 E E2 F | G2 F G2 E | "D"D3 "Bm"B,3- | B,3 z2 B, | "Em"E2 E E2 F | G2 F G2 A | "G"B3 G3- | G3 z2 A |
"G"B2 B B2 A | "D"A2 A A2 G | "Em"G2 G G2 F | "B7"F2 F F2 F | "Em"G3 "B7"F3 | "Em"E3 "Bm"D3 | "Em"E2 E "D"F2 D | "Em"E3- E2 |

T: Simple Gifts
C: Joseph Brackett (1797-1882)
M: 4/4
L: 1/8
Q: 116
K: F
P: AB
P:A
C2 | "F"F2 F G A F A B | c2 c B "Bb"A2 G F | "C7"G2 G2 G2 G F | G A G E "C"C2 C2 |
"F"F2 F G A F A B | c2 G2 "C7"G2 A B | "F"A2 B A "C7"G2 G E | "F"F4 F2
P:B
z2 | "F"c4 A3 G | A B A G "Bb"F3 G | "F"A2 A B c2 A2 | "C7"G2 G A G2 C2 |
"F"F4 F3 G | A2 A B "C"c2 B A | "C7"G2 G2 A2 G F | "F"F6 |

T: She'll Be Coming Round the Mountain
C: Traditional (United States)
M: 4/4
L: 1/8
Q: 168
K: F
P: AA
P:A
C2 D2 | "F"F2 F2 F2 F2 | D2 C2 A,2 C2 | F8- | F4 F2 G2 | "F"A2 A2 A2 A2 | c2 A2 G2 F2 | "C7"G8- | G4 c2 B2 |
"F"A2 A2 A2 A2 | G2 F2 F2 F2 | "Bb"D2 D2 D2 D2 | G2 F2 E2 D2 | "F"C2 F2 F2 F2 | "C7"G2 E2 D2 E2 | "F"F8- | F4

T: Camptown Races
C: Stephen Foster (1826-1864)
M: 4/4
L: 1/8
Q: 200
K: D
"D"A2 A2 F2 A2 | B2 A2 F4 | F2 "A7"E6 | "D"F2 "A7"E6 | "D"A2 A2 F2 A2 | B2 A2 F4 | "A7"E4 F2 E2 | "D"D8 |
"D"D3 D F2 A2 | d8 | "G"B3 B d2 B2 | "D"A6 F G | A2 A2 F F A A | B2 A2 F4 | "A7"E2 F2 G F E2 | "D"D8 |
`;
