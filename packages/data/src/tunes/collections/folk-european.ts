/** Folk songs of France, Germany, Italy, Spain, Russia and Scandinavia. */
export const EUROPEAN_FOLK = `
T: Frère Jacques
C: Traditional (France)
M: 4/4
L: 1/4
Q: 120
K: F
"F"F G A F | F G A F | A B c2 | A B c2 | c/ d/ c/ B/ A F | c/ d/ c/ B/ A F | F "C"C "F"F2 | F "C"C "F"F2 |

T: Au clair de la lune
C: Traditional (France, 18th century)
M: 4/4
L: 1/4
Q: 112
K: G
P: AABA
P:A
"G"G G G A | B2 "D7"A2 | "G"G B "D7"A A | "G"G4 |
P:B
"D"A A A A | "Am"E2 "A7"E2 | "D"A G F E | D4 |

T: Sur le pont d'Avignon
C: Traditional (France)
M: 4/4
L: 1/4
Q: 132
K: G
P: ABA
P:A
"G"G G G2 | "D"A A A2 | "G"B c d G | "D7"F G A D | "G"G G G2 | "D"A A A2 | "G"B c d G | "D7"A F "G"G2 |
P:B
"G"G G G A | "G"B2 G2 | "G"G G G A | "D7"A2 "G"G2 | "G"G G G A | "G"B2 G2 | "D7"A B "Am"A F | "G"G4 |

T: Alouette
C: Traditional (French Canada)
M: 4/4
L: 1/4
Q: 126
K: F
P: ABA
P:A
"F"F3/2 G/2 A A | "C7"G/ F/ G/ A/ "F"F C | "F"F3/2 G/2 A A | "C7"G/ F/ G/ A/ "F"F2 |
P:B
"F"F F/ F/ F/ F/ G | "F"A A/ A/ A/ A/ G/ F/ | "C7"c c C3/2 C/2 | "F"c B A "C7"G |

T: Twinkle, Twinkle, Little Star
C: Traditional (France: Ah! vous dirai-je, maman)
M: 2/4
L: 1/4
Q: 100
K: C
P: ABA
P:A
"C"C C | G G | "F"A A | "C"G2 | "F"F F | "C"E E | "G7"D D | "C"C2 |
P:B
"C"G G | "F"F F | "C"E E | "G7"D2 | "C"G G | "F"F F | "C"E E | "G7"D2 |

T: O du lieber Augustin
C: Traditional (Austria)
M: 3/4
L: 1/8
Q: 150
K: F
P: ABA
P:A
"F"c3 d c B | A2 F2 F2 | "C7"G2 C2 C2 | "F"A2 F2 F2 | "F"c3 d c B | A2 F2 F2 | "C7"G2 C2 E2 | "F"F6 |
P:B
"C7"G2 C2 C2 | "F"A2 F2 F2 | "C7"G2 C2 C2 | "F"A2 F2 F2 |

T: Muss i denn
C: Traditional (Swabia)
M: 4/4
L: 1/4
Q: 116
K: F
P: ABC
P:A
F/ G/ | "F"A A "Bb"B d | "F"c2 "C7"B G | "F"A "C7"G/ F/ G2 | "F"A3 F/ G/ |
"F"A A "Bb"B d | "F"c2 "C7"B G | "F"A/ G/ F "C7"G2 | "F"F3
P:B
G/ A/ | "C7"B B B A/ G/ | "F"A2 A G/ A/ | "C7"B B B A/ G/ | "F"A3
P:C
F/ G/ | "F"A A "Bb"B d | "F"c2 "C7"B G | "F"A/ G/ F "C7"G2 | "F"F3 |

T: Die Gedanken sind frei
C: Traditional (Germany, about 1815)
M: 3/4
L: 1/4
Q: 138
K: C
G/ G/ | "C"c c e/ c/ | G2 G | "G7"F D G | "C"E C G/ G/ | "C"c c e/ c/ | G2 G | "G7"F D G | "C"E C c |
"G"B d2 | "C"c e2 | "G"B d2 | "C"c e c | "F"A A c/ A/ | "C"G2 e/ c/ | "G7"B d c/ B/ | "C"c2 |

T: Santa Lucia
C: Traditional (Naples), Teodoro Cottrau (1827-1879)
M: 3/8
L: 1/8
Q: 66
K: C
P: AABB
P:A
"C"G G c | "G7"c/ B/ B2 | F F A | "C"A/ G/ G2 | "C"E A3/2 G/2 | "G7"G/ F/ F2 | F/ E/ F/ A/ G | "C"E3 |
P:B
"C"e3/2 d/4 c/4 B | "Dm"B/ A/ A2 | "G7"d3/2 c/4 B/4 A | "C"A/ G/ G2 | "C"G c3/2 e/2 | "Dm"d/ A/ A2 | "G7"G/ B/ d3/2 e/2 | "C"c3 |

T: Korobeiniki
C: Traditional (Russia)
M: 4/4
L: 1/8
Q: 150
K: Am
P: AAB
P:A
"E"e2 B c d2 c B | "Am"A2 A c e2 d c | "E"B3 c d2 e2 | "Am"c2 A2 A4 |
"Dm"z d2 f a2 g f | "C"e3 c e2 d c | "E"B2 B c d2 e2 | "Am"c2 A2 A4 |
P:B
"Am"e4 c4 | "E"d4 B4 | "Am"c4 A4 | "E"^G4 B4 | "Am"e4 c4 | "E"d4 B4 | "Am"c2 e2 a4 | "E"^g8 |
"Am"e4 c4 | "E"d4 B4 | "Am"c4 A4 | "E"^G4 B4 | "Am"e4 c4 | "E"d4 B4 | "Am"c2 e2 a4 | "E"^g4 "Am"a4 |
`;
