"""The app behind AWS Lambda Web Adapter, which says in a header when Lambda ends the request. functions/chat/run.sh serves it."""

from functions.chat.main import app as chat
from shared.runtime.adapted import Adapted

app = Adapted(chat)
