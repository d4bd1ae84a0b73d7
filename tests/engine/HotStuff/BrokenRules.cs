using Bft.Engine.HotStuff;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>HotStuff's safety rules with one of them seeded wrong. A scenario must go red under its mutation.</summary>
internal static class BrokenRules
{
    /// <summary>Commits on three blocks in a row whatever their views.</summary>
    public sealed class CommitByParentLinks : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => true;
    }

    /// <summary>Votes whatever it is locked on.</summary>
    public sealed class NoLock : HotStuffRules
    {
        public override bool SafeNode(bool extendsLockedBlock, View justifyView, View lockedView) => true;
    }

    /// <summary>Does not compare a certificate with the block it is said to certify.</summary>
    public class CertificateUnchecked : HotStuffRules
    {
        public override bool Certifies(QuorumCertificate certificate, Block block) => true;
    }

    /// <summary>Takes a certificate's view for granted (outside the signature, not compared with the block's).</summary>
    public sealed class CertificateViewUnchecked : HotStuffRules
    {
        public override bool Certifies(QuorumCertificate certificate, Block block) => certificate.Statement.Subject == block.Digest;
    }

    /// <summary>Lets the parent be another block than the certified one, whose view is then what the lock is compared with.</summary>
    public sealed class ParentUnchecked : CertificateUnchecked
    {
        public override bool SafeNode(bool extendsLockedBlock, View justifyView, View lockedView) => true;

        public override bool IsWellFormed(Block block) => block.Justify is not null && block.View > block.Justify.View;
    }
}
