// Makes the picture that test/board/picture.test.ts took the one of the README.
import { copyFile } from "node:fs/promises";

await copyFile(".data/screenshots/board.png", "docs/board.png");
