/** What Sandbox opens with; a test executes each operation against the documented payloads. */
export const sandboxDocument = `# Choose an operation with the run button. Post a webhook (see the README) to see the last one answer.

# The newest sessions.
query Sessions {
  sessions(first: 10) {
    nodes {
      id
      status
      startedAt
      userSentiment
      chatSummary
      agentVersion {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    totalCount
  }
}

# One session with its messages: the session of Whippy's documentation (npm run simulate -- --samples).
query OneSession {
  session(id: "03d8d3f6-d983-41ae-85d6-ac1cf135a223") {
    status
    startedAt
    endedAt
    endedReason
    chatTranscript
    messages(first: 20) {
      nodes {
        direction
        body
        deliveryStatus
        createdAt
      }
    }
  }
}

# What the agent asked, and what the analysis answered.
query Analysis {
  sessions(first: 5, filter: { status: { eq: ANALYZED } }) {
    nodes {
      id
      chatCompletionRating
      analysis {
        answers {
          name
          type
          answered
          conforms
          value
        }
      }
    }
  }
}

# Which agents leave candidates unhappy, what did they say, and how did it change since Monday?
query Unhappy($since: DateTime! = "2025-08-18T04:00:00Z") {
  agents: sessionStats(
    filter: { startedAt: { gte: $since } }
    groupBy: [{ field: AGENT }]
    interval: DAY
    timeZone: "America/New_York"
  ) {
    from
    groups {
      agentVersion {
        name
      }
    }
    count
    sentiments {
      value
      share
    }
  }
  said: sessions(first: 20, filter: { startedAt: { gte: $since }, userSentiment: { in: ["negative", "neutral"] } }) {
    nodes {
      id
      chatSummary
      agentVersion {
        name
      }
      messages(last: 10) {
        nodes {
          direction
          body
        }
      }
    }
  }
}

# Live: each session as its analysis arrives.
subscription Analyzed {
  sessionAnalyzed {
    cursor
    receivedAt
    session {
      id
      chatSummary
      userSentiment
    }
  }
}
`;
