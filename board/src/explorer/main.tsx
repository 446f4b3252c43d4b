import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import { Explorer } from "./explorer.js";
import "./explorer.css";

const root = document.getElementById("explorer");
if (root !== null) createRoot(root).render(<Explorer />);
