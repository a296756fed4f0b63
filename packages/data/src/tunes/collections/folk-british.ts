/** Folk songs of England, Scotland, Wales and Ireland. */
export const BRITISH_FOLK = `
T: Greensleeves
C: Traditional (England, 16th century)
M: 6/8
L: 1/8
Q: 150
K: Am
A | "Am"c2 d e3/2 f/2 e | "G"d2 B G3/2 A/2 B | "Am"c2 A A3/2 ^G/2 A | "E"B2 ^G E2 A |
"Am"c2 d e3/2 f/2 e | "G"d2 B G3/2 A/2 B | "Am"c3/2 B/2 A "E"^G3/2 ^F/2 ^G | "Am"A3 A3 |
"C"g3 g3/2 f/2 e | "G"d2 B G3/2 A/2 B | "Am"c2 A A3/2 ^G/2 A | "E"B2 ^G E3 |
"C"g3 g3/2 f/2 e | "G"d2 B G3/2 A/2 B | "Am"c3/2 B/2 A "E"^G3/2 ^F/2 ^G | "Am"A3 A2 |

T: Scarborough Fair
C: Traditional (England)
M: 3/4
L: 1/4
Q: 116
K: Ddor
"Dm"D2 D | A2 A | "C"E3/2 F/2 E | "Dm"D3 | z A c | "Dm"d2 c | "F"A "G"B G | "Dm"A3 |
z z d | "Dm"d2 d | "F"c2 A | A G F | "C"E C2 | "Dm"D2 A | "C"G2 F | E D C | "Dm"D3- | D3 |

T: Auld Lang Syne
C: Traditional (Scotland)
M: 4/4
L: 1/4
Q: 104
K: F
C | "F"F3/2 F/2 F A | "C7"G3/2 F/2 G A | "F"F3/2 F/2 A c | "Bb"d3 d |
"F"c3/2 A/2 A F | "C7"G3/2 F/2 G A | "Bb"F3/2 D/2 "C7"D C | "F"F3 d |
"F"c3/2 A/2 A F | "C7"G3/2 F/2 G d | "F"c3/2 A/2 A c | "Bb"d3 d |
"F"c3/2 A/2 A F | "C7"G3/2 F/2 G A | "Bb"F3/2 D/2 "C7"D C | "F"F3 |

T: Loch Lomond
C: Traditional (Scotland)
M: 4/4
L: 1/8
Q: 96
K: G
D2 | "G"G3 G G2 A2 | "Em"B3 A G2 B2 | "C"d2 e2 "G"d2 B2 | "C"d2 e4 e2 |
"G"d3 B G2 B2 | d3 B "Am"A2 G2 | "C"E2 G2 "D"G2 A2 | "G"G6 D2 |
"G"G3 G G2 A2 | "Em"B3 A G2 B2 | "C"d2 e2 "G"d2 B2 | "C"d2 e4 e2 |
"G"d3 B G2 B2 | d3 B "Am"A2 G2 | "C"E2 G2 "D"G2 A2 | "G"G6 |

T: Londonderry Air
C: Traditional (Ireland)
M: 4/4
L: 1/8
Q: 84
K: C
P: AB
P:A
B,CD | "C"E3 D E2 A2 | "C7"G2 E2 D2 C2 | "F"A,4 "C"z C E F | "C"G3 A G2 E2 | "Am"C2 E2 "D7"D4- |
"G"D z B, C D2 z D | "C"E3 D E2 A2 | "C7"G2 E2 D2 C2 | "F"A,4 z B, C D | "C"E3 F "G7"E2 D2 | "C"C4- C
P:B
GAB | "C"c3 B "F"B2 A2 | "C"G2 A2 G2 E2 | C4 z G A B | "C"c3 B "F"B2 A2 | "C"G2 E2 "D7"D4- |
"G"D z G G G2 z G | "C"e3 d "F"d2 c2 | "Am"A2 c2 "C"G2 E2 | C4 z B, C D | "C"E2 A2 "F"G2 E2 | "Dm"D2 C2 "G7"A,2 B,2 | "C"C4- C |

T: What Shall We Do with the Drunken Sailor
C: Traditional (sea shanty)
M: 2/4
L: 1/8
Q: 126
K: Ddor
P: AB
P:A
"Dm"A A/ A/ A A/ A/ | A D F A | "C"G G/ G/ G G/ G/ | G C E G | "Dm"A A/ A/ A A/ A/ | A B c d | "C"c A "Am"G E | "Dm"D2 D2 |
P:B
"Dm"A3 A | A D F A | "C"G3 G | G C E G | "Dm"A3 A | A B c d | "C"c A "Am"G E | "Dm"D2 D2 |

T: My Bonnie Lies over the Ocean
C: Traditional (Scotland)
M: 3/4
L: 1/4
Q: 132
K: G
D | "G"B A G | "C"A G E | "G"D B,2- | B,2 D | "G"B A G | G F G | "D7"A3- | A2 D |
"G"B A G | "C"A G E | "G"D B,2- | B,2 D | "C"E A G | "D7"F E F | "G"G3- | G3 |
"G"D3 | G3 | "C"E3 | "Am"A2 A | "D7"F F F | F E F | "G"G2 A | B3 |
"G"D3 | G3 | "C"E3 | "Am"A2 A | "D7"F F F | F E F | "G"G3- | G2 |

T: Cockles and Mussels
C: Traditional (Ireland)
M: 3/4
L: 1/8
Q: 104
K: G
D2 | "G"G2 G2 G2 | B2 G3 G | "Am"A2 A2 A2 | "D7"c2 A4 | "G"B2 B2 B2 | "Em"d2 B3 G | "Am"A6 | "D7"F4 D2 |
"G"G2 G2 G2 | B2 G3 G | "Am"A2 A2 A2 | "D7"c2 A4 | "G"B2 B2 B2 | "D7"A2 G2 A2 | "G"G6- | G4 D2 |
"G"G2 G2 G2 | B2 G4 | "Am"A2 A2 A2 | "D7"c2 A3 A | "G"d2 B2 d2 | "D7"c2 B2 A2 | "G"G6- | G4 |

T: Skye Boat Song
C: Traditional (Scotland)
M: 6/8
L: 1/8
Q: 126
K: G
P: ABA
P:A
"G"D3/2 E/2 D G2 G | "D"A3/2 B/2 A "G"d3 | "Em"B3/2 A/2 B "C"E2 E | "G"D6 |
"G"D3/2 E/2 D G2 G | "D"A3/2 B/2 A "G"d3 | "Em"B3/2 A/2 B "C"E2 E | "G"D6 |
P:B
"Em"B3/2 G/2 B B3 | "Am"A3/2 E/2 A A3 | "Em"G3/2 E/2 G "C"G2 E | "Bm"D6 |
"Em"B3/2 G/2 B B3 | "Am"A3/2 E/2 A A3 | "Em"G3/2 E/2 G "C"G2 E | "D"D6 |

T: All Through the Night
C: Traditional (Wales)
M: 4/4
L: 1/4
Q: 84
K: G
P: AABA
P:A
"G"G3/2 F/2 "C"E G | "D"A3/2 G/2 F D | "C"E3/2 F/2 "D"D F | "G"G4 |
P:B
"C"c3/2 B/2 c d | e3/2 d/2 "D7"c B | "Am"c3/2 B/2 "D"A G | "D"B2 A2 |
`;
