import { createRoot } from "react-dom/client";
import { App } from "./app.js";
import "./style.css";

const root = document.getElementById("board");
if (root !== null) createRoot(root).render(<App />);
