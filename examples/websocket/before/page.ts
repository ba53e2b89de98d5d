const socket = new WebSocket(location.origin.replace("http", "ws") + "/game");

socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === "dots") draw(message.dots);
  if (message.type === "line") say(message.line);
};
socket.onclose = () => say("it is over");

onclick = ({ clientX, clientY }) => socket.send(JSON.stringify({ type: "move", at: { x: clientX, y: clientY } }));
onkeydown = ({ key }) => socket.send(JSON.stringify({ type: "line", line: key }));
