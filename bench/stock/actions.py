"""The action server of the stock assistant: a report becomes a ticket, as a team would write it."""

import os
from typing import Any

import requests
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

DESK = os.environ.get("BENCH_DESK", "")
PATIENCE_SECONDS = 20


class FileTicket(Action):
    """Files what was said as an Open311 service request, and tells its number."""

    def name(self) -> str:
        """Return the name that domain.yml has for it."""
        return "action_file_ticket"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """File the ticket."""
        del domain
        said = tracker.latest_message
        place = next((entity["value"] for entity in said.get("entities") or []), "?")
        form = {
            "service_code": "housing.elevator",
            "description": said.get("text") or "",
            "address_string": place,
        }
        answer = requests.post(f"{DESK}/requests.json", data=form, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        dispatcher.utter_message(text=f"工单 {answer.json()[0]['service_request_id']}：{place}")
        return []
